"""What is done to many devices: at once while they are few, otherwise as a job."""
