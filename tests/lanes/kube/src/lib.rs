//! Lane `kube`: what needs a real Kubernetes API.
