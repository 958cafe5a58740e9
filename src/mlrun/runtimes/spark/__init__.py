"""The kinds ``spark`` (``runtime``) and ``remote-spark`` (``remote``)."""
