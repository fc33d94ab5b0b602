{-# LANGUAGE BangPatterns #-}
-- stm-peer-ghc: GHC's STM, a table of TVars behind an immutable hash map, as a Haskell program would have it.
--
-- It does what runner/ does for the other peers, with the same keys and the same random numbers, for those workloads
-- that need no key to come or go: see runner/main.c for what it is asked and answers. Threads are Haskell's, one bound to
-- each capability in turn. How long they waited for a CPU, and how many attempts were lost, the runtime does not
-- tell: 0 is answered.
module Main (main) where

import Control.Concurrent
import Control.Concurrent.STM hiding (check)
import Control.Monad
import Data.Bits
import qualified Data.ByteString.Char8 as B
import qualified Data.HashMap.Strict as M
import Data.IORef
import Data.Int
import Data.List (intercalate)
import qualified Data.Map.Strict as Histogram
import Data.Version (showVersion)
import Data.Word
import Foreign.C.Types
import GHC.Clock (getMonotonicTimeNSec)
import System.Environment
import System.Exit
import System.IO
import System.Info (compilerVersion)
import Text.Printf

foreign import ccall unsafe "prctl" prctl :: CInt -> CULong -> IO CInt

type Store = M.HashMap B.ByteString (TVar Int64)

opening :: Int64
opening = 1000

-- ------------------------------------------------------------------- keys and random numbers

keyOf :: Int -> B.ByteString
keyOf number = B.pack (printf "account:%08d" number)

-- Marsaglia's xorshift, as in key_text.h.
next :: IORef Word64 -> IO Word64
next state = do
    x0 <- readIORef state
    let x1 = x0 `xor` (x0 `shiftL` 13)
        x2 = x1 `xor` (x1 `shiftR` 7)
        !x3 = x2 `xor` (x2 `shiftL` 17)
    writeIORef state x3
    return x3

below :: IORef Word64 -> Int -> IO Int
below state count = do
    x <- next state
    return (fromIntegral ((x `shiftR` 32) * fromIntegral count `shiftR` 32))

-- --------------------------------------------------------------------------------- operations

data World = World {store :: !Store, names :: !(Int -> B.ByteString), keyCount :: !Int}

type Operation = World -> IORef Word64 -> IO ()

cell :: World -> Int -> TVar Int64
cell world number = store world M.! names world number

transfer :: Operation
transfer world random = do
    from <- below random (keyCount world)
    other <- below random (keyCount world - 1)
    state <- readIORef random
    let to = if other >= from then other + 1 else other
        amount = fromIntegral (state .&. 15)
        !a = cell world from
        !b = cell world to
    atomically $ modifyTVar' a (subtract amount) >> modifyTVar' b (+ amount)

chooseApart :: World -> IORef Word64 -> Int -> IO [Int]
chooseApart world random count = do
    let stretch = keyCount world `div` count
    first <- below random count
    forM [0 .. count - 1] $ \i -> do
        offset <- below random stretch
        return ((first + i) `mod` count * stretch + offset)

readFour :: Operation
readFour world random = do
    cells <- map (cell world) <$> chooseApart world random 4
    !_ <- atomically (foldM (\ !sum' c -> (sum' +) <$> readTVar c) 0 cells)
    return ()

mix :: Operation
mix world random = do
    which <- below random 10
    if which == 0 then transfer world random else readFour world random

transferMany :: Operation
transferMany world random = do
    cells <- map (cell world) <$> chooseApart world random 64
    atomically $ zipWithM_ (\c delta -> modifyTVar' c (+ delta)) cells (cycle [1, -1])

-- ----------------------------------------------------------------------------------- workloads

data Workload = Workload
    {workload :: String, title :: String, unit :: String, keys :: Int, operation :: Operation, threads :: [Int]}

workloads :: [Workload]
workloads =
    [ Workload "transfer" "transfer between 2 of 100,000 keys" "transfer" 100000 transfer [1, 2]
    , Workload "transfer-20k" "transfer between 2 of 20,000 keys" "transfer" 20000 transfer [1, 2]
    , Workload "read4" "read of 4 of 100,000 keys" "read" 100000 readFour [1, 2]
    , Workload "read4-20k" "read of 4 of 20,000 keys" "read" 20000 readFour [1, 2]
    , Workload "mix" "nine reads of 4 to one transfer, 100,000 keys" "operation" 100000 mix [1, 2]
    , Workload "hot" "transfer between 2 of 8 keys" "transfer" 8 transfer [1, 2, 4, 8]
    , Workload "long" "transaction of 64 of 100,000 keys" "transaction" 100000 transferMany [1, 2]
    ]

configuration :: Int -> String
configuration 1 = "1 thread"
configuration count = show count ++ " threads"

list :: String
list = "[{\"name\": \"ghc\", \"title\": \"GHC's STM\", \"setup\": \"TVars in an immutable hash map\", \"version\": \""
    ++ showVersion compilerVersion
    ++ "\", \"gives\": {\"atomic\": true, \"isolation\": \"serializable\", \"snapshot\": true, \"durable\": false,"
    ++ " \"blocks\": true}, \"workloads\": [" ++ intercalate ",\n" (map describe workloads) ++ "]}]"
  where
    describe w = printf "{\"name\": \"%s\", \"title\": \"%s\", \"unit\": \"%s\", \"keys\": %d, \"configurations\": [%s]}"
        (workload w) (title w) (unit w) (keys w) (intercalate ", " (map (show . configuration) (threads w)))

-- -------------------------------------------------------------------------------------- running

open :: Int -> IO World
open count = do
    cells <- forM [0 .. count - 1] $ \number -> do
        value <- newTVarIO opening
        let !key = keyOf number
        return (key, value)
    let !table = M.fromList cells
    return (World table keyOf' count)
  where
    -- printf would cost more than all the rest: eight digits by hand.
    keyOf' number = B.append prefix (fst (B.unfoldrN 8 digit (number, 10000000 :: Int)))
    digit (_, 0) = Nothing
    digit (rest, unit') = Just (toEnum (48 + rest `div` unit'), (rest `mod` unit', unit' `div` 10))
    prefix = B.pack "account:"

seedOf :: Word64 -> Word64
seedOf number = 0x9e3779b97f4a7c15 * number

-- Until the clock says so, looked at every so many operations. Returns how many there were.
repeatUntil :: Word64 -> IO () -> IO Int
repeatUntil deadline act = go 0
  where
    go !done = do
        replicateM_ 16 act
        now <- getMonotonicTimeNSec
        if now < deadline then go (done + 16) else return (done + 16 :: Int)

inThreads :: Int -> (Int -> IO a) -> IO [a]
inThreads count act = do
    results <- forM [0 .. count - 1] $ \number -> do
        result <- newEmptyMVar
        _ <- forkOn number (act number >>= putMVar result)
        return result
    mapM takeMVar results

run :: World -> Operation -> IORef Word64 -> Int -> Double -> IO String
run world act seeds count milliseconds = do
    rates <- inThreads count $ \_ -> do
        seed <- atomicModifyIORef' seeds (\s -> (s + 1, s + 1))
        random <- newIORef (seedOf seed)
        warm <- getMonotonicTimeNSec
        _ <- repeatUntil (warm + time `div` 5) (act world random)
        begin <- getMonotonicTimeNSec
        done <- repeatUntil (begin + time) (act world random)
        end <- getMonotonicTimeNSec
        return (done, fromIntegral done * 1e9 / fromIntegral (end - begin) :: Double)
    let operations = sum (map fst rates)
    return (printf "\"lanes\": [{\"lane\": \"\", \"threads\": %d, \"operations\": %d, \"rate\": %.6g, \"commits\": %d, \
        \\"conflicts\": 0, \"busy\": 0, \"wrong\": 0, \"delayed\": 0}]" count operations (sum (map snd rates)) operations)
  where
    time = round (milliseconds * 1e6)

-- Classes as in histogram.h.
classOf :: Word64 -> Word64
classOf ns
    | ns < 32 = ns
    | otherwise = ns .&. complement (bit (finiteBitSize ns - 1 - countLeadingZeros ns - 5) - 1)

latency :: World -> Operation -> IORef Word64 -> Int -> Double -> IO String
latency world act seeds count milliseconds = do
    histograms <- inThreads count $ \_ -> do
        seed <- atomicModifyIORef' seeds (\s -> (s + 1, s + 1))
        random <- newIORef (seedOf seed)
        begin <- getMonotonicTimeNSec
        let deadline = begin + round (milliseconds * 1e6)
            go !last' !histogram = do
                act world random
                now <- getMonotonicTimeNSec
                let histogram' = Histogram.insertWith (+) (classOf (now - last')) (1 :: Int) histogram
                if now < deadline then go now histogram' else return histogram'
        go begin Histogram.empty
    return ("\"latency\": [" ++ intercalate ","
        [printf "[%d,%d]" ns times | (ns, times) <- Histogram.toList (Histogram.unionsWith (+) histograms)] ++ "]")

-- When nobody runs any more. In one transaction it would take 12 s for 100,000 cells: what a transaction has read is
-- a list, searched for each further cell. So no workload looks at all of them.
check :: World -> IO ()
check world = do
    sum' <- foldM (\ !all' c -> (all' +) <$> readTVarIO c) 0 (M.elems (store world))
    when (sum' /= fromIntegral (keyCount world) * opening) $ do
        hPutStrLn stderr (printf "stm-peer-ghc: %d accounts hold %d" (keyCount world) sum')
        exitFailure

serve :: Workload -> Int -> IO ()
serve w count = do
    _ <- prctl 1 9 -- PR_SET_PDEATHSIG, SIGKILL: whoever stops us between our turns may end
    hSetBuffering stdout LineBuffering
    before <- residentBytes
    world <- open count
    after <- residentBytes
    printf "{\"ready\": true, \"bytes\": %d, \"keys\": %d, \"cpus\": 0}\n" (max 0 (after - before)) count
    seeds <- newIORef 0
    let loop = do
            end <- isEOF
            unless end $ do
                line <- words <$> getLine
                case line of
                    ["run", time, n, _] -> run world (operation w) seeds (read n) (read time) >>= answer
                    ["latency", time, n, _] -> do
                        lanes <- run world (operation w) seeds (read n) 1
                        found <- latency world (operation w) seeds (read n) (read time)
                        answer (lanes ++ ", " ++ found)
                    _ -> hPutStrLn stderr "stm-peer-ghc: not understood" >> exitFailure
                loop
        answer text = putStrLn ("{" ++ text ++ "}")
    loop
    check world

residentBytes :: IO Int
residentBytes = do
    text <- B.unpack <$> B.readFile "/proc/self/status"
    return $! (sum [1024 * read kilobytes | ["RssAnon:", kilobytes, "kB"] <- map words (lines text)])

checkAll :: IO ()
checkAll = do
    forM_ workloads $ \w -> do
        world <- open (min 1000 (keys w))
        forM_ (threads w) $ \count -> do
            _ <- inThreads count $ \number -> do
                random <- newIORef (seedOf (fromIntegral number + 1))
                replicateM_ 300 (operation w world random)
            check world
    printf "ghc: %d workloads, all accounts add up\n" (length workloads)

option :: String -> [String] -> Maybe String
option name arguments = case dropWhile (/= name) arguments of
    (_ : value : _) -> Just value
    _ -> Nothing

main :: IO ()
main = do
    arguments <- getArgs
    let chosen = [w | w <- workloads, Just (workload w) == option "--workload" arguments]
    case arguments of
        ("--list" : _) -> putStrLn list
        ("--check" : _) -> checkAll
        ("--serve" : _) | [w] <- chosen -> serve w (maybe (keys w) read (option "--keys" arguments))
        _ -> hPutStrLn stderr "usage: stm-peer-ghc --list | --check | --serve --workload NAME [--keys N]" >> exitFailure
