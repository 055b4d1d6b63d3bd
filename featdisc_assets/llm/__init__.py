"""The LLM layer, from a rendered prompt to a stored answer. Start at `ask.ask_all`."""
