"""What a watch tells other systems: alarms, danger areas, and where the own side's movers are. Nothing else leaves."""
