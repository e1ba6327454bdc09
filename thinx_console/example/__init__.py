"""The bundled example: repositories served by this console, and simulated devices."""
