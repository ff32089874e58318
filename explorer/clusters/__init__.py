"""Sweeps on a Dask cluster: groups train on its workers, their progress and results come back.

`connecting` finds the cluster and sees that it fits, `runs` hands out groups and collects what comes of them, `place`
is what a worker does. Dask is optional and imported only when a cluster is used.
"""
