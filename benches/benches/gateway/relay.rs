//! The plainest streaming reverse proxy: what it is sent goes on as it comes, and so does what comes back.

use std::io;

use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::service::service_fn;
use hyper::{Request, Uri, server::conn::http1};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

pub(crate) async fn serve(upstream: &str) -> io::Result<()> {
    let target: Uri = format!("http://{upstream}/mcp").parse().map_err(io::Error::other)?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, target) = (client.clone(), target.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            *request.uri_mut() = target.clone();
            request.headers_mut().remove(HOST);
            client.request(request)
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
