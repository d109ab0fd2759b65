"""How a node is: figures of its lines, couriers and alarms, for Prometheus, for whoever asks whether it lives."""
