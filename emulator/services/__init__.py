"""AWS services, one package each: plain modules do the work, `moto_*` modules patch moto with it."""
