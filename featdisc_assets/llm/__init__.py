"""The LLM layer: prompts, the meter, the answer store and the models behind it. Start at `ask.ask_all`."""
