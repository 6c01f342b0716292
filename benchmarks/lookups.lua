-- Lookups of projects by their codes, for wrk: `wrk -s lookups.lua ADDRESS -- PATH CODES vary|same SEED`.
-- With `vary` each query has a number of its own, so that no answer comes from memory.
local path, vary, number, codes = "/sparql", false, 0, {}

function init(arguments)
  path = arguments[1]
  for line in io.lines(arguments[2]) do codes[#codes + 1] = line end
  vary = arguments[3] == "vary"
  number = tonumber(arguments[4]) * 1000000
end

function request()
  local code = codes[1]
  if vary then
    number = number + 1
    code = codes[number % #codes + 1]
  end
  local query = string.format(
    "SELECT%%20?p%%20?title%%20{%%20?p%%20%%3Chttps://w3id.org/iomld/ns%%23projectCode%%3E%%20%%22%s%%22%%20;%%20" ..
    "%%3Chttp://purl.org/dc/terms/title%%3E%%20?title%%20}%%20%%23%%20%d", code, vary and number or 0)
  return wrk.format("GET", path .. "?query=" .. query, {Accept = "application/sparql-results+json"})
end

function done(summary, latency)
  local rate, refused = 1000000 * summary.requests / summary.duration, summary.errors.status + summary.errors.timeout
  io.write(string.format("%f %f %f %d %d\n", rate, latency:percentile(50) / 1000, latency:percentile(99) / 1000, refused,
    summary.requests))
end
