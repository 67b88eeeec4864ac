"""What the grants of Google Cloud and Azure share: roles given at places, which hold other places."""
