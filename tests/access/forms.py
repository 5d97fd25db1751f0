"""The forms of a page, as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

# What a person might type where a field has nothing in it yet.
TYPED = {
    "email": "a.new.person@superenergy.example",
    "date": "2031-02-03",
    "number": "1",
    "url": "https://hooks.superenergy.example/",
    "password": "a long pass phrase 1",
}
NOT_SENT = {"image", "reset"}


@dataclass(kw_only=True)
class Form:
    """One form that is posted: where to, and its fields with what they would send."""

    path: str
    values: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """What makes two forms the same one."""
        return self.path, frozenset(self.values)


class _Reader(HTMLParser):
    """Collects the forms; fields that stand elsewhere and name their form's id are found too."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self._by_id: dict[str, Form] = {}
        self._strays: list[tuple[str, str, str]] = []
        self._open: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and found.get("method", "").lower() == "post":
            action = urlsplit(urljoin(self.page, found.get("action", "")))
            self._open = Form(path=f"{action.path}{'?' if action.query else ''}{action.query}")
            self.forms.append(self._open)
            self._by_id[found.get("id", "")] = self._open
        elif tag == "form":
            self._open = None
        elif name := found.get("name"):
            self._field(tag, name, found)
        elif tag == "option" and self._select is not None and self._open is not None:
            chosen = self._open.values[self._select]
            if "selected" in found or (not any(chosen) and found.get("value")):
                self._open.values[self._select] = [found.get("value", "")]

    def _field(self, tag: str, name: str, found: dict[str, str]) -> None:
        kind = found.get("type", "text") if tag == "input" else tag
        value = found.get("value", "")
        if tag not in {"input", "select", "textarea", "button"} or kind in NOT_SENT:
            return
        if "form" in found:
            self._strays.append((found["form"], name, value))
        if self._open is None:
            return
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
        if kind == "file":
            self._open.files.add(name)
        typed = value or TYPED.get(kind, "" if kind in {"hidden", "select"} else "Text")
        self._open.values.setdefault(name, [typed])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def finish(self) -> list[Form]:
        self.close()
        for form_id, name, value in self._strays:
            if form_id in self._by_id:
                self._by_id[form_id].values.setdefault(name, [value])
        for form in self.forms:
            form.values.pop("csrfmiddlewaretoken", None)
        return self.forms


def forms_of(page: str, html: str) -> list[Form]:
    """Return the forms of the page at this path that are posted."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.finish()
