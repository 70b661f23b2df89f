"""What an eval looks like: on a terminal, as JUnit XML, and as one HTML page."""
