//! A client of AWS's SDK for Rust: signed calls for a while, and a line for each.

use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_sts::error::DisplayErrorContext;

#[tokio::main]
async fn main() {
    let mut args = std::env::args()
        .skip(1)
        .map(|a| Duration::from_secs_f64(a.parse().expect("seconds")));
    let (lasts, period) = (args.next().expect("how long"), args.next().expect("a period"));
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .load()
        .await;
    let client = aws_sdk_sts::Client::new(&config);
    let end = Instant::now() + lasts;
    loop {
        let began = Instant::now();
        let reply = client.get_caller_identity().send().await;
        let took = began.elapsed().as_millis();
        match reply {
            Ok(who) => println!("ok {} {took}", who.arn().unwrap_or_default()),
            Err(e) => {
                let text = DisplayErrorContext(&e).to_string();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                println!("fail error {took} {text}");
            }
        }
        if Instant::now() >= end {
            break;
        }
        tokio::time::sleep(period).await;
    }
}
