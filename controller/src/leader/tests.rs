use super::*;

use std::sync::atomic::AtomicI64;

use crate::testing::{Api, SetClock};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/sealed-secrets-controller";

fn candidate(api: &Api) -> Candidate {
    Candidate::new(api.plain_world(&Arc::new(SetClock(AtomicI64::new(1_800_000_000))))).0
}

fn spec(holder: &str) -> Value {
    json!({"holderIdentity": holder, "leaseDurationSeconds": 20, "leaseTransitions": 3, "renewTime": "x"})
}

#[tokio::test]
async fn a_lease_is_free_when_it_did_not_change_for_as_long_as_it_lasts() {
    let mut candidate = candidate(&Api::default());
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let theirs = Claim::Theirs("other".into());
    assert_eq!(candidate.claim(&Value::Null, at(0)), Claim::Free);
    assert_eq!(candidate.claim(&spec("other"), at(5)), theirs);
    assert_eq!(candidate.claim(&spec("other"), at(24)), theirs, "its own duration counts");
    let mut renewed = spec("other");
    renewed["renewTime"] = "y".into();
    assert_eq!(candidate.claim(&renewed, at(24)), theirs);
    assert_eq!(candidate.claim(&renewed, at(43)), theirs);
    assert_eq!(candidate.claim(&renewed, at(44)), Claim::Free);
    assert_eq!(candidate.claim(&spec(""), at(45)), Claim::Free);
    let own = candidate.identity.clone();
    assert_eq!(candidate.claim(&spec(&own), at(99)), Claim::Ours);
}

#[tokio::test]
async fn r_20_a_leader_that_was_replaced_ends_and_one_that_was_not_goes_on() {
    let api = Api::default();
    let mut candidate = candidate(&api);
    let set = |spec: Value| {
        api.held().objects.get_mut(LEASE).unwrap()["spec"] = spec;
    };
    assert!(candidate.stand().await.is_ok() && *candidate.leads.borrow());
    let lease = api.held().objects[LEASE].clone();
    assert_eq!(lease["spec"]["holderIdentity"], candidate.identity.as_str());
    assert_eq!(lease["spec"]["acquireTime"], "2027-01-15T08:00:00.000000Z");
    assert_eq!(
        (&lease["spec"]["leaseTransitions"], &lease["spec"]["leaseDurationSeconds"]),
        (&0.into(), &15.into())
    );
    candidate.world.cluster.term().set(Limit::Until(Instant::now()));
    assert!(!candidate.world.cluster.term().holds());
    assert!(candidate.stand().await.is_ok() && candidate.world.cluster.term().holds(), "nobody came between");
    set(spec("other"));
    assert!(matches!(candidate.stand().await, Err(Trouble::Replaced(by)) if by == "other"));
    // Also where the other has left again.
    set(spec(""));
    assert!(matches!(candidate.stand().await, Err(Trouble::Replaced(_))));
}

#[tokio::test]
async fn r_21_a_leader_gives_the_lease_back_and_a_follower_leaves_it() {
    let api = Api::default();
    let (mut leader, mut follower) = (candidate(&api), candidate(&api));
    assert!(leader.stand().await.is_ok() && follower.stand().await.is_ok());
    assert!(!*follower.leads.borrow());
    follower.release().await;
    assert_eq!(api.held().objects[LEASE]["spec"]["holderIdentity"], leader.identity.as_str());
    leader.release().await;
    assert_eq!(api.held().objects[LEASE]["spec"]["holderIdentity"], "");
    assert!(!leader.world.cluster.term().holds());
    assert!(follower.stand().await.is_ok() && *follower.leads.borrow());
    assert_eq!(api.held().objects[LEASE]["spec"]["leaseTransitions"], 1);
}

#[tokio::test]
async fn a_term_is_over_when_it_ends_and_not_where_it_was_put_off() {
    let term = Term::default();
    term.over().await;
    let soon = || Limit::Until(Instant::now() + Duration::from_millis(200));
    term.set(soon());
    term.over().await;
    assert!(!term.holds());
    for limit in [Limit::Open, Limit::Until(Instant::now() + Duration::from_hours(1))] {
        term.set(soon());
        let (over, renewed) = (term.over(), async { term.set(limit) });
        let over = async { tokio::time::timeout(Duration::from_millis(400), over).await };
        assert!(tokio::join!(over, renewed).0.is_err());
        let (over, closed) = (term.over(), async { term.set(Limit::Closed) });
        tokio::join!(over, closed);
    }
}
