"""Reads scenario files: every error names the line, the field and the remedy.

YAML, of which only mappings, lists and texts are taken: 04410275 is a company number here,
not a number in octal, and NO is a text. Aliases are refused, by which a small file can grow
without end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

import yaml
from pydantic import ValidationError

from scenarios.document import Path, Scenario

SHIPPED = File(__file__).parent / "shipped"
MAX_BYTES = 2_000_000
MAX_DEPTH = 20
MAX_PROBLEMS = 20
NOTHING = ("", "~", "null")


class UnableToReadScenario(Exception):
    """The file is no scenario; `problems` say where and why, one a line of the message."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__("\n".join(f"{name}, {problem}" for problem in problems))
        self.problems = problems


class NoSuchScenario(UnableToReadScenario):
    """Neither a scenario that is shipped nor a file; the message names those that are shipped."""

    def __init__(self, name: str) -> None:
        Exception.__init__(
            self,
            f"There is no scenario “{name}”, and no file of this name that can be read. The "
            f"scenarios are: {', '.join(shipped())}.",
        )
        self.problems = [str(self)]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A scenario, the name it goes by, and on which line of its file each field stands."""

    name: str
    scenario: Scenario
    lines: Mapping[Path, int] = field(default_factory=dict)

    def at(self, path: Path) -> str:
        """Return where a field stands, in words: 'line 12, companies[0].name'."""
        return _place(self.lines, path)


def shipped() -> list[str]:
    """Return the names of the scenarios that come with the portal."""
    return sorted(file.stem for file in SHIPPED.glob("*.yaml"))


def load(name_or_path: str) -> Loaded:
    """Return the scenario that is shipped under this name, or stands in this file.

    Raises UnableToReadScenario.
    """
    if name_or_path in shipped():
        return read((SHIPPED / f"{name_or_path}.yaml").read_bytes(), name_or_path)
    try:
        with File(name_or_path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        raise NoSuchScenario(name_or_path) from None
    return read(content, File(name_or_path).stem)


def read(content: bytes, name: str) -> Loaded:
    """Return the scenario that these bytes are. Raises UnableToReadScenario."""
    if len(content) > MAX_BYTES:
        raise UnableToReadScenario(name, [f"which is larger than {MAX_BYTES} bytes."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnableToReadScenario(name, [f"line {line}: this is not UTF-8 text."]) from None
    try:
        tree = _Tree(text)
    except _Misformed as error:
        raise UnableToReadScenario(name, [str(error)]) from None
    try:
        scenario = Scenario.model_validate(tree.content)
    except ValidationError as error:
        raise UnableToReadScenario(name, list(_problems(error, tree.lines))) from None
    return Loaded(name=name, scenario=scenario, lines=tree.lines)


class _Misformed(Exception):
    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(f"line {line}: {message}" if line else f"which cannot be read: {message}")


class _Tree:
    """A YAML text as mappings, lists and texts, with the line of each."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        try:
            _require_plain(text)
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise _Misformed(
                mark.line + 1 if mark else None, f"this is not YAML: {error.problem}."
            ) from None
        except yaml.YAMLError as error:
            raise _Misformed(None, " ".join(str(error).split())) from None
        if not isinstance(root, yaml.MappingNode):
            raise _Misformed(1, "a scenario begins with the line scenario: 1.")
        self.content = self._value(root, ())

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            is_plain = node.style is None
            return None if is_plain and node.value in NOTHING else node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._value(inner, (*path, place)) for place, inner in enumerate(node.value)]
        return {name: self._value(inner, (*path, name)) for name, inner in self._pairs(node, path)}

    def _pairs(self, node: yaml.Node, path: Path) -> Iterator[tuple[str, yaml.Node]]:
        seen = set()
        for key, inner in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _Misformed(line, "the name of a field is a single word.")
            if key.value in seen:
                raise _Misformed(line, f"the field {key.value} stands here twice.")
            seen.add(key.value)
            self.lines[*path, key.value] = line
            yield key.value, inner


def _require_plain(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        assert event.start_mark is not None  # a parser's event has one
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise _Misformed(line, "aliases (*name) are not taken; write the value out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _Misformed(line, "this is nested too deeply for a scenario.")


def _problems(error: ValidationError, lines: Mapping[Path, int]) -> Iterator[str]:
    found = error.errors(include_url=False)
    for one in found[:MAX_PROBLEMS]:
        path = (*one["loc"], *one.get("ctx", {}).get("at", ()))
        message = one["msg"].removeprefix("Value error, ")
        if one["type"] == "missing":
            message = "This field is missing."
        elif message.startswith("Input should be"):
            message = f"This should be{message.removeprefix('Input should be')}."
        yield f"{_place(lines, path)}: {message}"
    if len(found) > MAX_PROBLEMS:
        yield f"and {len(found) - MAX_PROBLEMS} more."


def _place(lines: Mapping[Path, int], path: Path) -> str:
    """Return the line of a field, or of the nearest part that holds it, and its name."""
    holder = path
    while holder and holder not in lines:
        holder = holder[:-1]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    line = f"line {lines.get(holder, 1)}"
    return f"{line}, {name.lstrip('.')}" if path else line
