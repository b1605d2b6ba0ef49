-- wrk asks for random articles with their comments: ARTICLES is the highest id; with a SKEW above 1,
-- the lower the id, the more often.
local highest = tonumber(os.getenv("ARTICLES"))
local skew = tonumber(os.getenv("SKEW"))
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("seed", threads * 7919 + os.time())
end

function init()
  math.randomseed(seed)
end

function request()
  local id = math.floor(highest * math.random() ^ skew) % highest + 1
  return wrk.format("GET", "/api/v1/articles/" .. id .. "?include=comments")
end
