"""What people and other systems are told: kinds of news, channels, the inbox, rules, deliveries."""
