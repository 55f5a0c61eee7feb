//! Lane `deploy`: manifests, charts, alerts and the takeover of a cluster.
