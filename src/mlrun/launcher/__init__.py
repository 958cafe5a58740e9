"""Who starts runs elsewhere than in this process: one port, a local and a remote one."""
