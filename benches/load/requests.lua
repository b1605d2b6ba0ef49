-- wrk reads articles that few ask for and some ask for often, and posts a comment in SHARE of 100
-- requests. ARTICLES is the highest id; with a SKEW above 1, the lower the id, the more often.
local highest = tonumber(os.getenv("ARTICLES"))
local skew = tonumber(os.getenv("SKEW"))
local share = tonumber(os.getenv("SHARE"))
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
  local id = math.floor(highest * math.random() ^ skew) % highest + 1
  local path = "/api/v1/articles/" .. id
  if math.random() * 100 >= share then
    return wrk.format("GET", path .. "?include=comments")
  end
  posts = posts + 1
  local text = "The engineers said as much on Monday, part " .. seed .. " of " .. posts
  local body = '{"author":{"name":"Reader ' .. posts .. '"},"text":"' .. text .. '"}'
  return wrk.format("POST", path .. "/comments", { ["Content-Type"] = "application/json" }, body)
end
