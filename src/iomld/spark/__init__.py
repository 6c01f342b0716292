"""Publishing on Apache Spark: the same jobs as in local processes, on the executors of a cluster."""
