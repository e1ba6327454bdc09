"""All writes of the builds app, one module per topic.

sources: source_create(actor, *, organization, alias, url, branch, deploy_key=None,
access_token=""), source_update(actor, *, source, **changed fields), source_delete(actor, *,
source), source_test(actor, *, source, accept_host_key=False) -> Source

build: build_start(actor, *, device, source=None, deliver=True) -> Build, build_cancel(actor, *,
build), build_delete(actor, *, build), build_can_cancel(build) -> "" or the sentence why not,
build_can_start(device) -> "" or the sentence why not, build_run(build_uid) for the task,
builds_sweep() for beat
"""
