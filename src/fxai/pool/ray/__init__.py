"""Workers on the nodes of a Ray cluster: each is a Ray actor, which is a host with one worker.

A driver process uses Ray. The parent talks to it in lines, so that the parent survives the loss of the cluster, and
what Ray prints goes to a file.
"""
