"""Yardsticks on data that featdisc's authors did not write."""
