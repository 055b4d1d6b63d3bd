"""What assets share when they ask a model: requests, plans, budgets, progress, naming rounds, label trials."""
