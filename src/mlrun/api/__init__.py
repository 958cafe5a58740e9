"""The HTTP API: the records of any database, for clients written for MLRun; a door that decides nothing."""
