//! Tmp: x.
fn main() {
    let s = simulator::lobster::Sample::read(std::path::Path::new("/work/shared/data/lobster_aapl")).unwrap();
    let r = simulator::replay::replay(&s, &mut |p| eprintln!("{p:?}")).unwrap_or_else(|e| panic!("{e}"));
    println!("{r:#?}");
}
