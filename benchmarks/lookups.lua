-- Queries about projects by their codes, for wrk: `wrk -s lookups.lua ADDRESS -- PATH CODES vary|same|mixed SEED`.
-- With `vary` each query is a new lookup: it has a number of its own, so that no answer comes from memory. `same` asks
-- one lookup again and again. `mixed` varies too; of ten queries eight are lookups, one a CONSTRUCT, one an aggregate.
local path, what, number, codes = "/sparql", "same", 0, {}
local lookup = "SELECT ?p ?title { ?p <https://w3id.org/iomld/ns#projectCode> \"%s\" ; <http://purl.org/dc/terms/title> ?title }"
local construct = "CONSTRUCT { ?p ?q ?o } { ?p <https://w3id.org/iomld/ns#projectCode> \"%s\" ; ?q ?o }"
local aggregate = "SELECT (COUNT(*) AS ?n) { ?p <https://w3id.org/iomld/ns#projectCode> \"%s\" ; ?q ?o }"

local function encoded(text)
  return (text:gsub("[^%w%-._~]", function(byte) return string.format("%%%02X", byte:byte()) end))
end

function init(arguments)
  path = arguments[1]
  for line in io.lines(arguments[2]) do codes[#codes + 1] = encoded(line) end
  what = arguments[3]
  number = tonumber(arguments[4]) * 1000000
  lookup, construct, aggregate = encoded(lookup), encoded(construct), encoded(aggregate)
end

function request()
  local query, code = lookup, codes[1]
  if what ~= "same" then
    number = number + 1
    code = codes[number % #codes + 1]
  end
  if what == "mixed" then
    query = ({[8] = construct, [9] = aggregate})[number % 10] or lookup
  end
  local text = query:gsub("%%25s", function() return code end) .. "%20%23" .. (what == "same" and 0 or number)
  local accept = what == "mixed" and "application/sparql-results+json, text/turtle" or "application/sparql-results+json"
  return wrk.format("GET", path .. "?query=" .. text, {Accept = accept})
end

function done(summary, latency)
  local rate, refused = 1000000 * summary.requests / summary.duration, summary.errors.status + summary.errors.timeout
  io.write(string.format("%f %f %f %d %d\n", rate, latency:percentile(50) / 1000, latency:percentile(99) / 1000, refused,
    summary.requests))
end
