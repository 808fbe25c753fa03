# The gateway, and nothing else: one static file, no shell, no root. Give it what `vanguard serve` takes:
#
#     docker build -t vanguard .
#     docker run -p 8080:8080 -e VANGUARD_API_KEY vanguard serve --host 0.0.0.0 --upstream http://files:3001/mcp
#
# A server that is a command needs its runtime: copy /vanguard into an image that has it (deploy/README.md).

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# glibc as a part of the program, since its allocator serves many threads better than musl's. With a target of its own the flag leaves
# the compiler's own plug-ins alone.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
    && RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --package vanguard --target "$target" \
    && mv "target/$target/release/vanguard" /vanguard \
    && install --directory --owner 65532 --group 65532 /state

FROM scratch
COPY --from=build /vanguard /vanguard
# Where the record lies: make it a volume to keep it.
COPY --from=build --chown=65532:65532 /state /var/lib/vanguard
ENV HOME=/var/lib/vanguard XDG_STATE_HOME=/var/lib
WORKDIR /var/lib/vanguard
USER 65532:65532
EXPOSE 8080
# The image has no shell to ask with.
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s CMD ["/vanguard", "ready"]
# Ends what it has begun before it goes, 30 seconds at most.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/vanguard"]
CMD ["serve", "--help"]
