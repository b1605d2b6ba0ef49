-- For wrk: reads articles with their comments, and posts a comment in SHARE of 100 requests.
-- benches/load/filled.py explains ARTICLES and SKEW.
local highest = tonumber(os.getenv("ARTICLES"))
local skew = tonumber(os.getenv("SKEW"))
local share = tonumber(os.getenv("SHARE"))
local stretch = (highest + 1) ^ (1 / skew) - 1
local threads = 0
local posts = 0

function setup(thread)
  threads = threads + 1
  thread:set("seed", threads * 7919 + os.time())
end

function init()
  math.randomseed(seed)
end

function request()
  local id = math.floor((1 + math.random() * stretch) ^ skew)
  -- A rounding error may give the id after the last.
  local path = "/api/v1/articles/" .. math.min(id, highest)
  if math.random() * 100 >= share then
    return wrk.format("GET", path .. "?include=comments")
  end
  posts = posts + 1
  local text = "The engineers said as much on Monday, part " .. seed .. " of " .. posts
  local body = '{"author":{"name":"Reader ' .. posts .. '"},"text":"' .. text .. '"}'
  return wrk.format("POST", path .. "/comments", { ["Content-Type"] = "application/json" }, body)
end
