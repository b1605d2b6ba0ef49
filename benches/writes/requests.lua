-- For wrk: writes of one kind. benches/writes/run sets the environment variables.
local kind = os.getenv("KIND")
local highest = tonumber(os.getenv("ARTICLES"))
local outlets = tonumber(os.getenv("OUTLETS"))
local key = os.getenv("KEY")
local threads = 0
local sent = 0

function setup(thread)
  threads = threads + 1
  thread:set("seed", threads * 7919 + os.time())
end

function init()
  math.randomseed(seed)
end

local function comment(article, parent)
  local text = "The engineers said as much on Monday, part " .. seed .. " of " .. sent
  local body = '{"author":{"name":"Writer ' .. sent .. '"},"text":"' .. text .. '"'
  if parent then
    body = body .. ',"parent_id":' .. parent
  end
  local path = "/api/v1/articles/" .. article .. "/comments"
  return wrk.format("POST", path, { ["Content-Type"] = "application/json" }, body .. "}")
end

local function admin(method, path, body, type)
  local headers = { ["Content-Type"] = type or "application/json", ["Authorization"] = "Bearer " .. key, ["If-Match"] = "*" }
  return wrk.format(method, "/api/v1/admin" .. path, headers, body)
end

local function article()
  local links = {}
  for n = 0, 8 do
    local credits = {}
    for c = 1, n == 1 and 2 or 1 do
      credits[c] = '{"outlet":{"name":"Bench Outlet ' .. math.random(outlets) .. '"}}'
    end
    links[n + 1] = '{"role":"' .. (n == 0 and "lead" or "more") .. '","title":"Report ' .. n .. ' on the harbour, part ' .. sent
      .. '","url":"https://paper-' .. n .. '.example.net/' .. seed .. '/' .. sent .. '/' .. n
      .. '","credit":"Paper","credits":[' .. table.concat(credits, ",") .. ']}'
  end
  return admin("POST", "/articles", '{"headline":"Harbour ' .. seed .. ' in part ' .. sent
    .. '","status":"published","tags":["Subject 1","Subject 2"],"quote":{"text":"The council met and heard the engineers."},"links":['
    .. table.concat(links, ",") .. ']}')
end

local requests = {
  comment = function() return comment(math.random(highest)) end,
  reply = function() return comment(1, 1) end,
  article = article,
  patch = function()
    local body = '{"dek":"Reading ' .. seed .. ' follows on day ' .. sent .. '"}'
    return admin("PATCH", "/articles/" .. math.random(highest), body, "application/merge-patch+json")
  end,
  moderation = function()
    local first = math.random(highest) * 10 - 9
    local ids = {}
    for n = 0, 49 do
      ids[n + 1] = first + n * 7
    end
    local action = sent % 2 == 0 and "spam" or "approve"
    return admin("POST", "/comments/batch", '{"ids":[' .. table.concat(ids, ",") .. '],"action":"' .. action .. '"}')
  end,
}

function request()
  sent = sent + 1
  return requests[kind]()
end
