"""The drill: people talk through a system whose parts die, and a checker decides whether the promise was kept."""
