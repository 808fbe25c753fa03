//! A cluster, a master that sentinels name, and a server that is spoken to over TLS.

use super::*;

/// A second or more, while others use the machine.
const GENEROUS: Duration = Duration::from_secs(3);

fn asking(url: String, roots: Option<Vec<u8>>) -> Arc<Redis> {
    Redis::new(RedisConfig { url, roots, deadline: GENEROUS, strict: true }).unwrap()
}

/// Asks until there is an answer.
fn first_answer(redis: &Arc<Redis>, name: &str) -> u64 {
    let begun = Instant::now();
    loop {
        match redis.add(0, &[count(Of::Principal(name), 3_600_000, 1)]) {
            Ok((totals, _)) => return totals[0],
            Err(lost) => assert!(begun.elapsed() < Duration::from_secs(30), "{lost}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn redis_cli(arguments: &[&str]) -> String {
    let output = Command::new("redis-cli").args(arguments).output().expect("redis-cli is installed with redis-server");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_cluster_counts_as_one_server_does() {
    let nodes: Vec<Server> = (0..3)
        .map(|_| {
            let (port, bus) = (free_port(), free_port());
            let settings =
                ["--port", &port.to_string(), "--cluster-enabled", "yes", "--cluster-port", &bus.to_string()];
            Server::with(port, tempfile::tempdir().unwrap(), &settings)
        })
        .collect();
    let hosts: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    let mut create = vec!["--cluster", "create"];
    create.extend(hosts.iter().map(String::as_str));
    create.push("--cluster-yes");
    let said = redis_cli(&create);
    assert!(said.contains("All 16384 slots covered"), "{said}");

    let proxies = [0, 1].map(|n| asking(format!("redis+cluster://{},{}", hosts[n], hosts[2]), None));
    first_answer(&proxies[0], "warm");
    first_answer(&proxies[1], "warm");
    let names: Vec<String> = (0..40).map(|n| format!("principal {n}")).collect();
    for round in 1..=4 {
        for name in &names {
            let counts = [count(Of::Principal(name), 3_600_000, 1), count(Of::Tool("read_file"), 3_600_000, 0)];
            let totals = proxies[round % 2].add(0, &counts).unwrap().0;
            assert_eq!(totals, [round as u64, 0], "{name}");
            let counts = [count(Of::Session, 3_600_000, 1)];
            let proxy = &proxies[round % 2];
            let (totals, version, trail) = proxy.look(0, name, &counts, 0).unwrap();
            assert_eq!((totals[0], version, trail.is_some()), (round as u64, round as u64 - 1, round > 1), "{name}");
            let written = proxy.ask(proxy.write(name, version, &Trail::new(7))).unwrap();
            assert!(matches!(written, Written::Kept(now) if now == round as u64), "{name}");
        }
    }
    let held: Vec<u32> = hosts
        .iter()
        .map(|host| redis_cli(&["-p", host.rsplit_once(':').unwrap().1, "dbsize"]).trim().parse().unwrap())
        .collect();
    assert!(held.iter().all(|held| *held > 0), "all nodes hold some: {held:?}");
}

#[test]
fn when_the_master_dies_its_replica_goes_on_counting() {
    let master = Server::start();
    let replica_port = free_port();
    let of = ["--replicaof", "127.0.0.1", &master.port.to_string()].map(str::to_owned);
    let settings = ["--port", &replica_port.to_string(), &of[0], &of[1], &of[2]];
    let _replica = Server::with(replica_port, tempfile::tempdir().unwrap(), &settings);
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let text = format!(
        "port {port}\nsentinel monitor ours 127.0.0.1 {} 1\nsentinel down-after-milliseconds ours 500\nsentinel failover-timeout ours 2000\n",
        master.port
    );
    let file = folder.path().join("sentinel.conf");
    std::fs::write(&file, text).unwrap();
    let _sentinel = Server::with(port, folder, &[file.to_str().unwrap(), "--sentinel"]);

    let redis = asking(format!("redis+sentinel://127.0.0.1:1,127.0.0.1:{port}/ours"), None);
    let before = first_answer(&redis, "eve");
    assert_eq!(before, 1);
    let replicated = || redis_cli(&["-p", &replica_port.to_string(), "dbsize"]);
    let sentinel_knows = || redis_cli(&["-p", &port.to_string(), "sentinel", "replicas", "ours"]);
    let begun = Instant::now();
    while replicated().trim() == "0" || !sentinel_knows().contains(&replica_port.to_string()) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} {}", replicated(), sentinel_knows());
        std::thread::sleep(Duration::from_millis(50));
    }

    drop(master);
    assert!(redis.add(0, &[count(Of::Principal("eve"), 3_600_000, 1)]).is_err(), "nobody counts, and nothing passes");
    assert_eq!(first_answer(&redis, "eve"), before + 1, "the replica knows what was counted");
}

#[test]
fn over_tls_only_a_server_is_asked_whose_certificate_is_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, secret) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let pem = key.cert.pem();
    std::fs::write(&certificate, &pem).unwrap();
    std::fs::write(&secret, key.signing_key.serialize_pem()).unwrap();
    let (port, path) = (free_port(), |path: &std::path::Path| path.to_str().unwrap().to_owned());
    let (certificate, secret) = (path(&certificate), path(&secret));
    let settings = [
        "--port",
        "0",
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &secret,
        "--tls-ca-cert-file",
        &certificate,
        "--tls-auth-clients",
        "no",
        "--requirepass",
        "open sesame",
    ];
    let _server = Server::with(port, folder, &settings);
    let url = format!("rediss://:open%20sesame@localhost:{port}/1");
    assert_eq!(first_answer(&asking(url.clone(), Some(pem.into_bytes())), "a"), 1);
    let stranger = asking(url, None).add(0, &[count(Of::Principal("a"), 60_000, 1)]).unwrap_err().to_string();
    assert!(!stranger.contains("sesame"), "{stranger}");
}
