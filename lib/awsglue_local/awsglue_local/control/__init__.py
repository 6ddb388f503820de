"""AWS Glue as a state machine: jobs, runs, triggers, workflows. No moto, no processes here."""
