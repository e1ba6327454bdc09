-- wrk's script: check-ins of known devices, drawn at random.
local udids = {}
for line in io.lines(os.getenv("BENCH_UDIDS")) do udids[#udids + 1] = line end
local owner, key = os.getenv("BENCH_OWNER"), os.getenv("BENCH_KEY")
local headers = {["Authentication"] = key, ["Content-Type"] = "application/json", ["Origin"] = "device"}
local beat = 0

function init(args) math.randomseed(os.time()) end

function request()
  beat = beat + 1
  local body = string.format(
    '{"registration":{"mac":"","owner":"%s","udid":"%s","firmware":"bench","version":"1.0.0","status":"beat %d"}}',
    owner, udids[math.random(#udids)], beat)
  return wrk.format("POST", "/device/register", headers, body)
end

function done(summary, latency, requests)
  io.write(string.format(
    '\nJSON {"requests":%d,"seconds":%.4f,"errors":%d,"refused":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
