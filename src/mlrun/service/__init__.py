"""What an API server does by itself: starts runs in their turn, fires schedules, ends what is to end."""
