"""Where credentials come from: STS, a function of the user's."""
