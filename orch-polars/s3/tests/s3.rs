//! Frames in a bucket, of a server of its own that speaks S3 at a port of this machine.

#![expect(clippy::unwrap_used, reason = "a test that fails should say where, not how it went on")]

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use object_store::aws::AmazonS3Builder;
use orch_core::failure::Failure;
use orch_core::ids::{RunId, StepPath};
use orch_core::io::{IoManager, OutputAt, PartitionAt};
use orch_core::partition::{PartitionsDefinition, TimePartitions};
use orch_polars::polars::df;
use orch_polars::polars::prelude::{Column, IntoLazy as _, LazyFrame, col, lit};
use orch_polars::{DataFrame, ParquetIo};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const KEY: &str = "orch";

const SECRET: &str = "not so secret";

/// A server with one bucket, `lake`, whose objects are files.
struct Server {
    files: TempDir,
    address: SocketAddr,
    /// It serves as long as this lives.
    _serving: Runtime,
}

impl Server {
    fn start() -> Self {
        let files = TempDir::new().unwrap();
        std::fs::create_dir(files.path().join("lake")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(files.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    // A connection that breaks is the client's to tell.
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { files, address, _serving: runtime }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A manager of frames in the bucket, by somebody with this secret.
    fn lake(&self, secret: &str) -> ParquetIo {
        let store = AmazonS3Builder::new()
            .with_endpoint(self.endpoint())
            .with_allow_http(true)
            .with_bucket_name("lake")
            .with_access_key_id(KEY)
            .with_secret_access_key(secret)
            .build();
        ParquetIo::in_store(Arc::new(store.unwrap()), "frames")
    }
}

fn output_of(step: &StepPath) -> OutputAt<'_> {
    OutputAt::new(RunId::from_u128(7), "pokemon", step, "result")
}

fn starters() -> DataFrame {
    df!("name" => ["Bulbasaur", "Charmander"], "hp" => [45, 39]).unwrap()
}

fn load(io: &ParquetIo, at: &OutputAt<'_>) -> Result<DataFrame, Failure> {
    io.load(at)
}

#[test]
fn a_frame_is_an_object_and_comes_back() {
    let server = Server::start();
    let io = server.lake(SECRET);
    // The second name has what has a meaning in URLs.
    for name in ["extract", "a b+c?d#é"] {
        let step = StepPath::new(name, None);
        let at = output_of(&step);
        let told = io.store(&at, &starters()).unwrap();
        assert_eq!(load(&io, &at).unwrap(), starters());
        let file = server.files.path().join("lake").join(told["path"].as_str().unwrap());
        assert_eq!(told["bytes"], file.metadata().unwrap().len());
    }
}

#[test]
fn a_plan_is_sunk_into_an_object_and_reads_it_in_parts() {
    let server = Server::start();
    let io = server.lake(SECRET);
    for name in ["extract", "a b+c?d#é"] {
        let step = StepPath::new(name, None);
        let at = output_of(&step);
        io.store(&at, &starters().lazy()).unwrap();
        let plan: LazyFrame = io.load(&at).unwrap();
        let weak = plan.filter(col("hp").lt(lit(45))).select([col("name")]);
        assert_eq!(weak.clone().collect().unwrap(), df!("name" => ["Charmander"]).unwrap());
        // What is made of an object can take its place.
        io.store(&at, &weak).unwrap();
        assert_eq!(load(&io, &at).unwrap(), df!("name" => ["Charmander"]).unwrap());
    }
}

#[test]
fn no_frame_is_no_object() {
    let server = Server::start();
    let io = server.lake(SECRET);
    let step = StepPath::new("extract", None);
    let at = output_of(&step);
    let load = || IoManager::<Option<DataFrame>>::load(&io, &at).unwrap();
    assert!(load().is_none());
    io.store(&at, &Some(starters())).unwrap();
    assert_eq!(load(), Some(starters()));
    io.store(&at, &None::<DataFrame>).unwrap();
    io.store(&at, &None::<DataFrame>).unwrap();
    assert!(load().is_none());
}

#[test]
fn partitions_are_objects_in_folders_and_one_frame() {
    let server = Server::start();
    let io = server.lake(SECRET);
    let (key, step) = ("sold".parse().unwrap(), StepPath::new("sold", None));
    let definition = PartitionsDefinition::product()
        .by("day", TimePartitions::daily("2024-01-01"))
        .by("region", PartitionsDefinition::of(["EU a/b"]))
        .into();
    let partition = |key| Some(PartitionAt::new(key, &definition));
    let at = ["2024-01-01|EU a/b", "2024-01-02|EU a/b"]
        .map(|day| output_of(&step).asset(Some(&key)).partition(partition(day)));
    for at in &at {
        io.store(at, &starters()).unwrap();
    }
    let second = "lake/frames/sold/day=2024-01-02/region=%45%55%20a%2fb/data.parquet";
    assert!(server.files.path().join(second).is_file());
    let frame: DataFrame = io.load_partitions(&at).unwrap();
    assert_eq!(frame.column("region").unwrap(), &Column::new("region".into(), ["EU a/b"; 4]));
    let plan: LazyFrame = io.load_partitions(&at).unwrap();
    let second = plan.filter(col("day").eq(lit("2024-01-02"))).collect().unwrap();
    assert_eq!(second.column("region").unwrap(), &Column::new("region".into(), ["EU a/b"; 2]));
}

#[test]
fn what_is_large_is_put_in_parts_and_replaced_as_a_whole() {
    let server = Server::start();
    let io = server.lake(SECRET);
    let random = (0..3_000_000u64).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let numbers = Column::new("number".into(), random.collect::<Vec<_>>());
    let large = DataFrame::new(numbers.len(), vec![numbers]).unwrap();
    let step = StepPath::new("extract", None);
    let at = output_of(&step);
    io.store(&at, &starters()).unwrap();
    let told = io.store(&at, &large).unwrap();
    assert!(told["bytes"].as_u64().unwrap() > 16 * 1024 * 1024, "{}", told["bytes"]);
    assert_eq!(load(&io, &at).unwrap(), large);
}

#[test]
fn who_may_not_is_told_so() {
    let server = Server::start();
    let io = server.lake("guessed");
    let step = StepPath::new("extract", None);
    let failure = io.store(&output_of(&step), &starters()).unwrap_err().info();
    assert!(failure.message.starts_with("cannot write `frames/"), "{failure}");
    assert_eq!(
        failure.hint.as_deref(),
        Some("are the credentials in the environment, and may their owner do that?")
    );
}

/// The environment is that of the process, so the one who asks it is one of its own: `stores_by_the_environment`.
#[test]
fn credentials_come_from_the_environment() {
    let server = Server::start();
    let asks = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stores_by_the_environment", "--ignored"])
        .env("AWS_ENDPOINT", server.endpoint())
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .output()
        .unwrap();
    assert!(asks.status.success(), "{}", String::from_utf8_lossy(&asks.stdout));
    assert!(server.files.path().join("lake/frames").is_dir());
}

#[test]
#[ignore = "a part of `credentials_come_from_the_environment`"]
fn stores_by_the_environment() {
    let io = ParquetIo::new("s3://lake/frames");
    let step = StepPath::new("extract", None);
    let at = output_of(&step);
    let told = io.store(&at, &starters()).unwrap();
    assert!(told["path"].as_str().unwrap().starts_with("s3://lake/frames/"), "{}", told["path"]);
    assert_eq!(load(&io, &at).unwrap(), starters());
}
