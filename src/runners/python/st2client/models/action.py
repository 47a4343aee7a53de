from st2client.models import Action, Execution, LiveAction, RunnerType

__all__ = ["Action", "Execution", "LiveAction", "RunnerType"]
