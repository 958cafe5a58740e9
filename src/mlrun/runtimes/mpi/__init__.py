"""
The kind ``mpijob``, which is :class:`mlrun.runtimes.mpi.runtime.MpiRuntime`.

Every rank imports this package, so it imports nothing.
"""
