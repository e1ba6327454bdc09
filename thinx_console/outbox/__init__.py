"""The page that shows what lies in the outbox folder while no mail or SMS server is set."""
