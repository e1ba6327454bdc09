"""Between the network and the application: TLS, proxies in front, cookies by TLS, `/mqtt`."""
