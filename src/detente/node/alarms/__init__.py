"""Alarms to people: kept, told once and again, on every way that the settings name, through the people on duty."""
