"""What people of the project run and no deployment needs."""
