"""Admin pages whose rights are the policies' alone."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from organisations.actors import actor_of
from organisations.policies import Action, decide, visible


class PolicyAdmin(ModelAdmin):
    """An admin page that asks the policies; an action that is None is nobody's."""

    view_action: ClassVar[Action | None] = None
    add_action: ClassVar[Action | None] = None
    change_action: ClassVar[Action | None] = None
    delete_action: ClassVar[Action | None] = None

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.view_action)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.add_action)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.change_action)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.delete_action)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.view_action)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the actor may see."""
        queryset = super().get_queryset(request)
        if self.view_action is None:
            return queryset.none()
        return visible(actor_of(request), self.view_action, queryset)

    def _may(self, request: HttpRequest, action: Action | None) -> bool:
        return action is not None and bool(decide(actor_of(request), action))
