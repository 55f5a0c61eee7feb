//! Rendering what `deploy/` holds.

use std::path::{Path, PathBuf};

use bulla_testkit::{Outcome, Sandbox, Tool, required};
use serde_json::Value;

/// Everything that is rendered: overlays and charts.
pub(crate) const ALL: [Source; 5] = [
    Source::Kustomize("base"),
    Source::Kustomize("overlays/as-upstream"),
    Source::Kustomize("overlays/unsealer"),
    Source::Chart("sealed-secrets"),
    Source::Chart("bulla"),
];

/// Values that make a chart render every object that it can.
pub(crate) const EVERYTHING: &str = "
ingress: {enabled: true, tls: true, selfSigned: true}
networkPolicy: {enabled: true, egress: {enabled: true, kubeapiCidr: 10.0.0.1/32, kubeapiPort: 6443}}
pdb: {create: true}
metrics:
  serviceMonitor: {enabled: true, interval: 30s}
  prometheusRule: {enabled: true}
  dashboards: {create: true}
";

/// What can be rendered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Chart(&'static str),
    Kustomize(&'static str),
}

impl Source {
    /// The manifests; a chart's with these values.
    pub(crate) fn render(self, values: &str) -> String {
        match self {
            Self::Chart(name) => template(&deploy(&format!("helm/{name}")), values),
            Self::Kustomize(folder) => kustomize(folder),
        }
    }
}

/// A file or folder of `deploy/`.
pub(crate) fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../deploy").join(path)
}

/// The original's chart.
pub(crate) fn original_chart() -> PathBuf {
    required("BULLA_LANE_SEALED_SECRETS_CHART")
}

/// A program of the component `manifests`.
pub(crate) fn judge(name: &str) -> Tool {
    Tool::at(required("BULLA_LANE_MANIFESTS").join(name))
}

/// The manifests of a chart for a release `sealed-secrets` in `kube-system`, CRDs included.
pub(crate) fn template(chart: &Path, values: &str) -> String {
    let sandbox = Sandbox::new();
    let values = sandbox.write("values.yaml", values);
    let arguments = ["template", "sealed-secrets", text(chart), "-n", "kube-system", "-f", text(&values)];
    let all = [&arguments[..], &["--include-crds", "--kube-version=1.36.3"]].concat();
    sandbox.run(&judge("helm"), &all).success().out()
}

/// The manifests of a folder of `deploy/kustomize`.
fn kustomize(folder: &str) -> String {
    let folder = deploy(&format!("kustomize/{folder}"));
    Sandbox::new().run(&Tool::kubernetes("kubectl"), &["kustomize", text(&folder)]).success().out()
}

/// `helm lint`, where any advice is a failure.
pub(crate) fn lint(chart: &str) -> Outcome {
    Sandbox::new().run(&judge("helm"), &["lint", "--strict", text(&deploy(&format!("helm/{chart}")))])
}

/// The objects of manifests in YAML.
pub(crate) fn objects(manifests: &str) -> Vec<Value> {
    let documents = manifests.split("\n---").map(|document| document.trim_start_matches("---"));
    let objects = documents.map(|document| match bulla_api::parse(document.as_bytes()) {
        Ok(object) => object,
        Err(error) => panic!("{error}\n{document}"),
    });
    objects.filter(Value::is_object).collect()
}

/// The objects of a kind.
pub(crate) fn of_kind<'o>(objects: &'o [Value], kind: &str) -> Vec<&'o Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

/// A path, which is in UTF-8 where tests run.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
