-- wrk asks for random articles with their comments: ARTICLES is the highest id.
local highest = tonumber(os.getenv("ARTICLES"))
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("seed", threads * 7919 + os.time())
end

function init()
  math.randomseed(seed)
end

function request()
  return wrk.format("GET", "/api/v1/articles/" .. math.random(highest) .. "?include=comments")
end
